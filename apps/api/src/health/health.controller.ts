import { allProjections } from '@huicai/composition';
import { type Answer, answer, object, Public, Shows } from '@huicai/http';
import { readiness } from '@huicai/metrics';
import { freshnessOf } from '@huicai/projections';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Parts } from '../parts.js';

/** A worker that has not spoken for so long is taken for dead. */
const HEARTBEAT_MS = 10_000;

const READY_SHAPE = object({
  status: 'text',
  checks: object({ database: 'text', eventStore: 'text', worker: 'text', projections: 'text' }),
});

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly parts: Parts) {}

  @Get('live')
  @Shows('It runs', object({ status: 'text' }))
  @ApiOperation({ summary: 'This process runs' })
  live(): Answer {
    return answer({ status: 'live' });
  }

  @Get('ready')
  @Shows('All is well', READY_SHAPE)
  @ApiServiceUnavailableResponse({ description: 'Something is not; the checks say what', schema: READY_SHAPE as never })
  @ApiOperation({ summary: 'Database, event store, worker and projections are as they should be' })
  async ready(): Promise<Answer> {
    const found = await readiness({
      database: () => this.database(),
      eventStore: () => this.eventStore(),
      worker: () => this.worker(),
      projections: () => this.projections(),
    });
    return answer(found, { status: found.status === 'ready' ? 200 : 503 });
  }

  private async database(): Promise<string> {
    await this.parts.system.pool.query('select 1');
    return 'ok';
  }

  private async eventStore(): Promise<string> {
    for await (const _ of this.parts.system.store.readAll({ backwards: true, maxCount: 1 })) break;
    return 'ok';
  }

  private async worker(): Promise<string> {
    const { rows } = await this.parts.system.pool.query<{ age: string }>(
      "select extract(epoch from now() - at) * 1000 as age from ops.heartbeat where name = 'worker'",
    );
    const [row] = rows;
    if (!row) return 'has not started';
    return Number(row.age) < HEARTBEAT_MS ? 'ok' : `silent for ${Math.round(Number(row.age) / 1000)} s`;
  }

  private async projections(): Promise<string> {
    const { pool } = this.parts.system;
    const failed: string[] = [];
    for (const { name } of allProjections.keys()) if ((await freshnessOf(pool, name)).failed !== null) failed.push(name);
    return failed.length === 0 ? 'ok' : `stopped: ${failed.join(', ')}`;
  }
}
