import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { HistoryController } from '../../../libs/contexts/audit/history.api.js';
import { CalendarsController } from '../../../libs/contexts/calendar/calendar.api.js';
import { CalendarChangesController } from '../../../libs/contexts/calendar/changes/changes.api.js';
import { PolicyChangesController } from '../../../libs/contexts/calendar/changes/policy-changes.api.js';
import { PoliciesController } from '../../../libs/contexts/calendar/policies.api.js';
import { WhatIfController } from '../../../libs/contexts/calendar/what-if/what-if.api.js';
import { WorkingTimeController } from '../../../libs/contexts/calendar/working-time.api.js';
import { CardsController } from '../../../libs/contexts/cards/cards.api.js';
import { CasesController } from '../../../libs/contexts/cases/case.api.js';
import { CaseBulkController } from '../../../libs/contexts/cases/case-bulk.api.js';
import { CaseCorrectionsController } from '../../../libs/contexts/cases/case-corrections.api.js';
import { CaseDeskController } from '../../../libs/contexts/cases/case-desk.api.js';
import { CaseReviewController } from '../../../libs/contexts/cases/case-review.api.js';
import { CaseRoutingController } from '../../../libs/contexts/cases/case-routing.api.js';
import { ClockExplanationController } from '../../../libs/contexts/cases/clock-explanation.api.js';
import { EmployerCasesController } from '../../../libs/contexts/cases/employer-cases.api.js';
import { CatalogueController } from '../../../libs/contexts/catalogue/catalogue.api.js';
import { ChannelsController } from '../../../libs/contexts/channels/channels.api.js';
import { RoutingController } from '../../../libs/contexts/channels/routing.api.js';
import { QueueExportController } from '../../../libs/contexts/reporting/queue-export.api.js';
import { QueueViewsController } from '../../../libs/contexts/reporting/queue-views.api.js';
import { QueuesController } from '../../../libs/contexts/reporting/queues.api.js';
import { ReportingController } from '../../../libs/contexts/reporting/reporting.api.js';
import { WorkloadController } from '../../../libs/contexts/reporting/workload.api.js';
import { HandOversController } from '../../../libs/contexts/specialists/hand-over.api.js';
import { SpecialistsController } from '../../../libs/contexts/specialists/specialists.api.js';
import { EmployerTalentsController } from '../../../libs/contexts/talents/employer-talents.api.js';
import { TalentsController } from '../../../libs/contexts/talents/talents.api.js';
import { DeadLettersController } from './admin/dead-letters.controller.js';
import { AdminProjectionsController } from './admin/projections.controller.js';
import { AdminReactionsController } from './admin/reactions.controller.js';
import { AuthController } from './auth/auth.controller.js';
import { AskHandler } from './bus/ask.handler.js';
import { RunCommandHandler } from './bus/run-command.handler.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { AnswerInterceptor } from './http/answer.interceptor.js';
import { AuthGuard } from './http/auth.guard.js';
import { BodyPipe } from './http/body.pipe.js';
import { ProblemFilter } from './http/problem.filter.js';
import { Parts } from './parts.js';
import { ChangeStream } from './stream/change-stream.js';
import { StreamController } from './stream/stream.controller.js';

@Module({})
class ApiModule {}

/** The controllers of all contexts on one set of running parts. */
export const apiModule = (parts: Parts): DynamicModule => ({
  module: ApiModule,
  imports: [CqrsModule.forRoot()],
  controllers: [
    AuthController,
    TalentsController,
    CardsController,
    CasesController,
    CaseBulkController,
    CaseRoutingController,
    EmployerCasesController,
    EmployerTalentsController,
    ClockExplanationController,
    HistoryController,
    QueuesController,
    QueueExportController,
    QueueViewsController,
    ReportingController,
    WorkloadController,
    SpecialistsController,
    HandOversController,
    CatalogueController,
    ChannelsController,
    RoutingController,
    CalendarsController,
    CalendarChangesController,
    PolicyChangesController,
    CaseDeskController,
    CaseReviewController,
    CaseCorrectionsController,
    PoliciesController,
    WorkingTimeController,
    WhatIfController,
    StreamController,
    AdminProjectionsController,
    AdminReactionsController,
    HealthController,
    MetricsController,
    DeadLettersController,
  ],
  providers: [
    { provide: Parts, useValue: parts },
    { provide: ChangeStream, useFactory: () => new ChangeStream(parts.system.pool, parts.log, parts.stream) },
    RunCommandHandler,
    AskHandler,
    { provide: APP_PIPE, useClass: BodyPipe },
    { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
    { provide: APP_FILTER, useFactory: () => new ProblemFilter(parts.log) },
    {
      provide: APP_GUARD,
      useFactory: (reflector: Reflector) => new AuthGuard(reflector, parts.verifier),
      inject: [Reflector],
    },
  ],
});
