import type { Role } from '@huicai/kernel';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One reading of one subject's personal data. The table takes insertions only. */
@Entity({ schema: 'access_log', name: 'reads' })
export class AccessRead {
  /** In order of insertion; a decimal string, for it may pass the safe integers. */
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: string;

  @Column('timestamptz')
  at!: Date;

  /** The actor's `issuer|subject`, or the name of a service. */
  @Column('text')
  actor!: string;

  @Column('text')
  role!: Role;

  @Column('uuid', { name: 'subject_id' })
  subjectId!: string;

  /** A code, never a sentence. */
  @Column('text')
  purpose!: string;

  /** What was read, by ids alone. */
  @Column('text')
  resource!: string;

  @Column('text', { name: 'correlation_id' })
  correlationId!: string;
}
