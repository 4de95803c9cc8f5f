import type { Sealed } from '@huicai/kernel';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { TokenRole } from './roles.js';

/** A user of the local issuer; with an external issuer the table stays empty. */
@Entity({ schema: 'identity', name: 'users' })
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { unique: true })
  login!: string;

  @Column('jsonb', { name: 'display_name_sealed', nullable: true })
  displayNameSealed!: Sealed | null;

  @Column('text', { name: 'password_hash', select: false })
  passwordHash!: string;

  @Column('text')
  role!: TokenRole;

  @Column('text', { name: 'department_id', nullable: true })
  departmentId!: string | null;

  @Column('text', { name: 'specialist_id', nullable: true })
  specialistId!: string | null;

  @Column('text', { name: 'talent_id', nullable: true })
  talentId!: string | null;

  @Column('text', { name: 'employer_id', nullable: true })
  employerId!: string | null;

  @Column('boolean', { default: true })
  active!: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
