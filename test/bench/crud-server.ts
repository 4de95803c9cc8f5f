import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Param, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsIn, IsString, Length } from 'class-validator';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** The yardstick: the same stack without events. One row, one update under lock, one audit row, one transaction. */
@Entity({ name: 'ticket', schema: 'public' })
class Ticket {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') status!: string;
  @Column('int') version!: number;
}

@Entity({ name: 'ticket_audit', schema: 'public' })
class TicketAudit {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column('uuid') ticketId!: string;
  @Column('text') status!: string;
  @Column('text') actor!: string;
  @Column('timestamptz') at!: Date;
}

class ChangeStatus {
  @IsIn(['OPEN', 'ACCEPTED']) status!: string;
  @IsString() @Length(1, 100) actor!: string;
}

let dataSource: DataSource;

@Controller('tickets')
class Tickets {
  @Post(':id/status')
  @HttpCode(200)
  async change(@Param('id') id: string, @Body() body: ChangeStatus): Promise<{ id: string; version: number }> {
    return dataSource.transaction(async (manager) => {
      const ticket = await manager.findOneOrFail(Ticket, { where: { id }, lock: { mode: 'pessimistic_write' } });
      ticket.status = body.status;
      ticket.version += 1;
      await manager.save(ticket);
      await manager.insert(TicketAudit, { ticketId: id, status: body.status, actor: body.actor, at: new Date() });
      return { id, version: ticket.version };
    });
  }
}

@Module({ controllers: [Tickets] })
class CrudModule {}

async function main(): Promise<void> {
  dataSource = new DataSource({
    type: 'postgres',
    url: process.env.CRUD_DATABASE_URL!,
    entities: [Ticket, TicketAudit],
    poolSize: 10,
  });
  await dataSource.initialize();
  const app = await NestFactory.create<NestFastifyApplication>(CrudModule, new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  process.send?.({ type: 'ready', url: await app.getUrl() });
  process.once('disconnect', () => process.exit(0));
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
