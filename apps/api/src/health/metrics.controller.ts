import { type Answer, answer, Public } from '@huicai/http';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Parts } from '../parts.js';

/** Numbers about the process alone: whoever may reach the API may read them. */
@ApiTags('health')
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly parts: Parts) {}

  @Get()
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'In the text format of Prometheus', schema: { type: 'string' } })
  @ApiOperation({ summary: 'What this process measures' })
  async metrics(): Promise<Answer> {
    const { metrics } = this.parts;
    return answer(await metrics.text(), { headers: { 'content-type': metrics.contentType } });
  }
}
