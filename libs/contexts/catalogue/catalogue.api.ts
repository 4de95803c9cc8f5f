import {
  type Answer,
  Asked,
  badInput,
  Code,
  Day,
  Field,
  Label,
  list,
  NestedList,
  OneOf,
  object,
  type RequestState,
  Roles,
  Shows,
} from '@huicai/http';
import { canonicalJson, notFound } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { officeDay } from '../calendar/facts.js';
import { Ask, type CommandSide, type Found, RunCommand } from '../edge.js';
import type { CatalogueCommand, ItemEvidence, ItemKind, ServiceItem, Tag } from './contract.js';
import { type CatalogueVersionRow, listCatalogue } from './views/catalogue-versions.view.js';
import { listTags, type TagListRow } from './views/tag-lists.view.js';

/** The office has one service list. */
const OFFICE = 'lanshan';

const VERSION = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9.-]{0,31}$/;
const KINDS = ['C', 'U', 'CU'] as const satisfies readonly ItemKind[];
const EVIDENCE = ['ARTICLE', 'OTHER_LISTS', 'INFERRED'] as const satisfies readonly ItemEvidence[];

export class ServiceItemBody implements ServiceItem {
  @Code('Two digits', /^\d{2}$/)
  readonly code!: string;
  @Label('Name of the item (服务事项)', 100)
  readonly name!: string;
  @OneOf(KINDS, 'C: handled as a case. U: used on site. CU: both')
  readonly kind!: ItemKind;
  @Code('Lead department', /^[a-z][a-z0-9-]{0,31}$/)
  readonly leadDepartmentId!: string;
  @OneOf(EVIDENCE, 'How well the item is attested')
  readonly evidence!: ItemEvidence;
  @Field(
    (value) => (value === true ? undefined : { code: 'not-one-of', params: { allowed: 'true' } }),
    { enum: [true], type: Boolean },
    {
      optional: true,
    },
  )
  readonly seasonal?: true;
}

export class DraftCatalogueBody {
  @Code('Name of the version, not a bare number', VERSION)
  readonly version!: string;
  @NestedList(() => ServiceItemBody, 'The items (服务清单)', 200)
  readonly items!: readonly ServiceItemBody[];
}

export class PublishCatalogueBody {
  @Day('First day it is in force')
  readonly effectiveFrom!: string;
}

export class TagBody implements Tag {
  @Code('What it is asked for by', /^[a-z][a-z0-9-]{0,31}$/)
  readonly code!: string;
  @Label('What people read', 20)
  readonly name!: string;
}

export class PublishTagsBody {
  @Day('First day it is in force')
  readonly effectiveFrom!: string;
  @NestedList(() => TagBody, 'All tags of this version', 200)
  readonly tags!: readonly TagBody[];
}

const TAGS_SHAPE = object({
  items: list(object({ version: 'integer', effectiveFrom: 'day', tags: list(object({ code: 'text', name: 'text' })) })),
  inForce: 'integer?',
});

const VERSION_SHAPE = object({
  version: 'text',
  effectiveFrom: 'day?',
  status: 'text',
  items: list({ $ref: '#/components/schemas/ServiceItemBody' }),
});

@ApiTags('catalogue')
@Controller('catalogue')
export class CatalogueController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles('talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin')
  @Shows('All versions', object({ items: list(VERSION_SHAPE), revision: 'bigint?' }))
  @ApiOperation({ summary: 'The service list (服务清单) in all its versions' })
  list(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['catalogue_versions', 'tag_lists'], async ({ db }) => {
        const [versions, tags] = await Promise.all([listCatalogue(db), listTags(db)]);
        return {
          ...revisionOf([...versions, ...tags]),
          body: { items: versions.map(versionOf), revision: revisionOf([...versions, ...tags]).revision ?? null },
        };
      }),
    );
  }

  @Get('tags')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor', 'admin')
  @Shows('All versions, the oldest first, and which is in force today', TAGS_SHAPE)
  @ApiOperation({ summary: 'The controlled tags of cases (标签) in all their versions' })
  tags(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['tag_lists'], async ({ db, now }) => tagsPage(await listTags(db), officeDay(now))),
    );
  }

  @Post('tags')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Publishes a version of the tags; it replaces the one before from its first day on' })
  publishTags(@Asked() request: RequestState, @Body() { effectiveFrom, tags }: PublishTagsBody): Promise<Answer> {
    const outcome = { id: () => OFFICE, location: () => '/api/v1/catalogue/tags' };
    return this.commands.execute(
      new RunCommand(request, outcome, (side) => send(side, { type: 'PublishTags', data: { effectiveFrom, tags } })),
    );
  }

  @Get(':version')
  @Roles('talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin')
  @Shows('The version', VERSION_SHAPE)
  @ApiOperation({ summary: 'One version of the service list' })
  read(@Asked() request: RequestState, @Param('version') version: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['catalogue_versions'], async ({ db }) => {
        const row = (await listCatalogue(db)).find((each) => each.version === version);
        if (!row) throw notFound('catalogue-version-not-found', { field: 'version' });
        return { body: versionOf(row) };
      }),
    );
  }

  @Post('versions')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Drafts a version; a draft can be replaced until it is published' })
  draft(@Asked() request: RequestState, @Body() { version, items }: DraftCatalogueBody): Promise<Answer> {
    const outcome = { id: () => version, location: () => `/api/v1/catalogue/${version}` };
    return this.commands.execute(
      new RunCommand(request, outcome, (side) => send(side, { type: 'DraftCatalogueVersion', data: { version, items } })),
    );
  }

  @Post('versions/:version/publish')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Publishes a version; from then on it never changes' })
  publish(
    @Asked() request: RequestState,
    @Param('version') version: string,
    @Body() { effectiveFrom }: PublishCatalogueBody,
  ): Promise<Answer> {
    if (!VERSION.test(version)) throw badInput('code-invalid', 'version');
    return this.commands.execute(
      new RunCommand(request, { id: () => version }, (side) =>
        send(side, { type: 'PublishCatalogueVersion', data: { version, effectiveFrom } }),
      ),
    );
  }
}

async function send({ gateway, caller, meta }: CommandSide, command: CatalogueCommand) {
  const commandHash = await gateway.vault.commandHash(canonicalJson(command.data), null);
  return gateway.send({ aggregate: 'catalogue', id: OFFICE, command, caller, context: { ...meta, commandHash } });
}

const versionOf = ({ version, effective_from: effectiveFrom, items }: CatalogueVersionRow) => ({
  version,
  effectiveFrom,
  status: effectiveFrom === null ? 'DRAFT' : 'PUBLISHED',
  items,
});

/** Service list and tags share one stream; the highest revision is that of both. */
function revisionOf(rows: readonly { readonly revision: string }[]): { readonly revision?: string } {
  const revision = rows
    .map((row) => BigInt(row.revision))
    .sort((a, b) => (a < b ? 1 : -1))[0]
    ?.toString();
  return revision === undefined ? {} : { revision };
}

function tagsPage(rows: readonly TagListRow[], today: string): Found {
  const items = rows.map(({ version, effective_from: effectiveFrom, tags }) => ({ version, effectiveFrom, tags }));
  const inForce = items.filter(({ effectiveFrom }) => effectiveFrom <= today).at(-1)?.version ?? null;
  return { movesOn: true, ...revisionOf(rows), body: { items, inForce } };
}
