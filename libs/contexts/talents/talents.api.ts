import {
  type Answer,
  Asked,
  badInput,
  DocumentNumber,
  EmployerId,
  FreeText,
  Id,
  Label,
  list,
  Nested,
  OneOf,
  object,
  PersonName,
  PhoneNumber,
  type RequestState,
  Roles,
  Shows,
} from '@huicai/http';
import { notFound, streamName } from '@huicai/kernel';
import { maskIdNumber, maskName, maskPhone, normaliseIdNumber, normaliseName, normalisePhone } from '@huicai/vault';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE } from '../calendar/facts.js';
import { Ask, type Found, type Opening, type Reads, RunCommand } from '../edge.js';
import { maskedFor, masking, refuseForeignTalent } from '../visibility.js';
import type { EngagementMode, IdentityDocument, TalentCategory } from './contract.js';
import { correctTalent, registerTalent, type TalentInput } from './talent.intake.js';
import { findTalents, type TalentRow } from './views/talents.view.js';

const DOCUMENTS = ['RESIDENT_ID', 'PASSPORT'] as const satisfies readonly IdentityDocument[];
const CATEGORIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'M'] as const satisfies readonly TalentCategory[];
const ENGAGEMENTS = ['FULL_TIME', 'FLEXIBLE'] as const satisfies readonly EngagementMode[];

export class RegisterTalentBody implements TalentInput {
  @PersonName('Name of the talent (人才)')
  readonly name!: string;
  @OneOf(DOCUMENTS, 'Kind of identity document')
  readonly documentType!: IdentityDocument;
  @DocumentNumber()
  readonly documentNumber!: string;
  @PhoneNumber()
  readonly phone!: string;
  @OneOf(CATEGORIES, 'Category of the talent (人才类别)')
  readonly category!: TalentCategory;
  @OneOf(ENGAGEMENTS, 'Full-time or flexible engagement')
  readonly engagement!: EngagementMode;
  @Label('Employer (用人单位)', 100)
  readonly employer!: string;
  @EmployerId('Employer of record, which may register matters for the talent (单位代办)', { optional: true })
  readonly employerId?: string;
}

export class TalentChangesBody implements Partial<TalentInput> {
  @PersonName('Name', { optional: true })
  readonly name?: string;
  @OneOf(DOCUMENTS, 'Kind of identity document; corrected together with its number', { optional: true })
  readonly documentType?: IdentityDocument;
  @DocumentNumber({ optional: true })
  readonly documentNumber?: string;
  @PhoneNumber({ optional: true })
  readonly phone?: string;
  @OneOf(CATEGORIES, 'Category', { optional: true })
  readonly category?: TalentCategory;
  @OneOf(ENGAGEMENTS, 'Engagement', { optional: true })
  readonly engagement?: EngagementMode;
  @Label('Employer', 100, { optional: true })
  readonly employer?: string;
  @EmployerId('Employer of record; null where there is none any more', { optional: true, nullable: true })
  readonly employerId?: string | null;
}

export class CorrectTalentBody {
  @Nested(() => TalentChangesBody, 'What changes; a field left out stays')
  readonly changes!: TalentChangesBody;
  @FreeText('Why it is corrected')
  readonly reason!: string;
}

export class SearchTalentsBody {
  @Label('Full name', 50, { optional: true })
  readonly name?: string;
  @Label('Phone number', 30, { optional: true })
  readonly phone?: string;
  @Label('Number of the identity document', 30, { optional: true })
  readonly documentNumber?: string;
}

const HIT = {
  id: 'uuid',
  name: 'text',
  documentType: 'text',
  documentNumber: 'text',
  phone: 'text',
  category: 'text',
} as const;
const HIT_SHAPE = object(HIT);
const TALENT_SHAPE = object({
  ...HIT,
  employer: 'text',
  employerId: 'text?',
  engagement: 'text',
  registeredAt: 'instant',
  revision: 'bigint',
});

interface ClearTalent {
  readonly name: string;
  readonly documentNumber: string;
  readonly phone: string;
  readonly employer: string;
}

/** A talent, and what tells whose business they are. */
const TALENT_VIEWS = ['talents', 'specialist_assignments', 'service_queue'];

/** Exact search by one of these; each hit is confirmed against the value of today. */
const SEARCHES = {
  name: { field: 'talent.name', normalise: normaliseName },
  phone: { field: 'talent.phone', normalise: normalisePhone },
  documentNumber: { field: 'talent.idNumber', normalise: normaliseIdNumber },
} as const;

@ApiTags('talents')
@Controller('talents')
export class TalentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @Roles('window')
  @ApiOperation({ summary: 'Registers a talent' })
  register(@Asked() request: RequestState, @Body() body: RegisterTalentBody): Promise<Answer> {
    const outcome = {
      id: ({ stream }: { stream: string }) => stream.slice('talent-'.length),
      location: (id: string) => `/api/v1/talents/${id}`,
    };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => registerTalent(gateway, caller, meta, body)),
    );
  }

  @Patch(':talentId')
  @Roles('window')
  @ApiOperation({ summary: 'Corrects what is wrong about a talent, with a reason' })
  correct(@Asked() request: RequestState, @Id('talentId') id: string, @Body() body: CorrectTalentBody): Promise<Answer> {
    const { documentType, documentNumber } = body.changes;
    // The form of a number depends on its document, so a type without its number could leave a pair that fits no document.
    if (documentType !== undefined && documentNumber === undefined)
      throw badInput('document-number-needed', 'changes.documentNumber');
    return this.commands.execute(
      new RunCommand(request, { id: () => id }, ({ gateway, caller, meta }) => correctTalent(gateway, caller, meta, id, body)),
    );
  }

  @Get(':talentId')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @Shows('The talent; ETag is the revision', TALENT_SHAPE)
  @ApiOperation({ summary: 'A talent as corrected so far; the number of the identity document is masked' })
  read(@Asked() request: RequestState, @Id('talentId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, TALENT_VIEWS, (reads) => talentPage(reads, id), { talents: id, specialist_assignments: id }),
    );
  }

  @Post('search')
  @HttpCode(200)
  @Roles('window', 'specialist', 'supervisor')
  @Shows('Talents of whom this is true today', object({ items: list(HIT_SHAPE), total: 'integer' }))
  @ApiOperation({ summary: 'Finds talents by exact name, phone or document number; in the body, so that no URL holds them' })
  search(@Asked() request: RequestState, @Body() body: SearchTalentsBody): Promise<Answer> {
    const asked = (Object.keys(SEARCHES) as (keyof typeof SEARCHES)[]).filter((field) => body[field] !== undefined);
    const [by] = asked;
    if (!by || asked.length > 1) throw badInput('search-by-one-field', '$');
    return this.queries.execute(new Ask(request, ['talents'], (reads) => searchTalents(reads, by, body[by]!)));
  }
}

async function talentPage(reads: Reads, talentId: string): Promise<Found> {
  const [row] = await findTalents(reads.db, [talentId]);
  await refuseForeignTalent(reads, talentId, row !== undefined);
  if (!row) throw notFound('talent-not-found');
  const shown = await openTalent(reads, row, masking(maskedFor(reads.caller.role)));
  return {
    revision: row.revision,
    body: {
      id: talentId,
      name: shown.name,
      documentType: row.facts.documentType,
      documentNumber: shown.documentNumber,
      phone: shown.phone,
      employer: shown.employer,
      employerId: row.facts.employerId ?? null,
      category: row.facts.category,
      engagement: row.facts.engagement,
      registeredAt: formatInstant(row.registered_at.getTime(), OFFICE_ZONE),
      revision: row.revision,
    },
  };
}

async function searchTalents(reads: Reads, by: keyof typeof SEARCHES, value: string): Promise<Found> {
  const { field, normalise } = SEARCHES[by];
  const wanted = normalise(value);
  if (wanted === '') throw badInput('text-empty', by);
  const rows = await findTalents(reads.db, await reads.find(field, value));
  const hits = await Promise.all(rows.map(async (row) => ({ row, clear: await openTalent(reads, row) })));
  const items = hits
    .filter(({ clear }) => normalise(clear[by]) === wanted)
    .map(({ row, clear }) => ({
      id: row.talent_id,
      name: maskName(clear.name),
      documentType: row.facts.documentType,
      documentNumber: maskIdNumber(clear.documentNumber),
      phone: maskPhone(clear.phone),
      category: row.category,
    }));
  return { body: { items, total: items.length } };
}

function openTalent(reads: Reads, row: TalentRow, present?: Opening['present']): Promise<ClearTalent> {
  const { name, documentNumber, phone, employer } = row.facts;
  return reads.open<ClearTalent>(
    { name, documentNumber, phone, employer },
    {
      expected: `${streamName('talent', row.talent_id)}/`,
      resource: `talents/${row.talent_id}`,
      ...(present ? { present } : {}),
    },
  );
}
