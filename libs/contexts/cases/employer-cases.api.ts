import {
  type Answer,
  ApiParameters,
  Asked,
  Id,
  numberParameter,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { EMPLOYER_CASE_SHAPE, EMPLOYER_CASES_SHAPE, employerCase, employerCases } from './employer-cases.pages.js';

const PAGE = {
  limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'),
  cursor: textParameter(() => undefined, '`next` of the page before'),
};

const VIEWS = ['case_detail', 'talents'];

@ApiTags('employers')
@Controller('employer/cases')
export class EmployerCasesController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @Roles('employer')
  @ApiParameters(PAGE)
  @Shows('A page of cases, latest first', EMPLOYER_CASES_SHAPE)
  @ApiOperation({ summary: 'How far the cases are that the caller’s employer registered for its own talents (单位代办)' })
  list(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, cursor } = readParameters(PAGE, query);
    return this.queries.execute(new Ask(request, VIEWS, (reads) => employerCases(reads, limit, cursor)));
  }

  @Get(':caseId')
  @Roles('employer')
  @Shows('The case; ETag is its revision', EMPLOYER_CASE_SHAPE)
  @ApiOperation({ summary: 'How far one of them is; its words, result and family members are not shown' })
  read(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, VIEWS, (reads) => employerCase(reads, id), { case_detail: id }));
  }
}
