export { type BackupOptions, backup } from './backup.js';
export { ServerControlError } from './control-socket.js';
export type { Finding, FindingKind } from './findings.js';
export { BackupError, type BackupManifest } from './manifest.js';
export { type RestoreOptions, type RestoreResult, restore, TargetInUseError } from './restore.js';
export { type CommandOptions, NoRoomError, type Progress } from './snapshot.js';
export { type VerifyOptions, type VerifyReport, verify } from './verify.js';
