import { setTimeout as delay } from 'node:timers/promises';
import { DEMO_PASSWORD, DEMO_USERS, HuicaiSystem, loadReferenceData, registerAllReactions } from '@huicai/composition';
import { ConnectionStringError, StoreRefusedError } from '@huicai/event-store';
import { AccessLog, createOidcVerifier, LocalIssuer, OidcConfigurationError, Users } from '@huicai/identity';
import { Metrics, observeEventStore } from '@huicai/metrics';
import { ConfigurationError, type Connections, resolveConnections, superviseMe } from '@huicai/runtime';
import { KekMismatchError, KekUnreadableError } from '@huicai/vault';
import { createApi } from './api.js';
import { Parts } from './parts.js';

/** How long an orderly end may take before the process ends anyway, milliseconds. */
const CLOSE_LIMIT_MS = 8_000;
const RETRY_MS = { first: 250, longest: 5_000 } as const;
const DEFAULT_AUDIENCE = 'huicai';

/** Faults that no waiting heals. */
const PERMANENT = [ConfigurationError, ConnectionStringError, OidcConfigurationError, KekMismatchError, KekUnreadableError];

type Closing = () => Promise<unknown>;

const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} api ${line}\n`);

const metrics = Metrics.ofProcess();
const observer = observeEventStore(metrics, log);

/** In the order they were opened; closed the other way round. */
const open: Closing[] = [];
const stopped = new AbortController();

const supervised = superviseMe(async () => {
  stopped.abort();
  const closing = (async () => {
    for (const close of open.reverse()) await close();
  })();
  await Promise.race([closing, delay(CLOSE_LIMIT_MS, undefined, { ref: false })]);
});

async function main(): Promise<void> {
  const connections = resolveConnections(process.env);
  const system = await untilOpen(connections);
  open.push(() => system.close());
  const listening = await system.vault.listen();
  open.push(() => listening.close());
  const app = await createApi(await partsOf(system, connections));
  open.push(() => app.close());
  if (stopped.signal.aborted) return;
  await app.listen(connections.port, connections.host);
  const { port } = app.getHttpServer().address() as { port: number };
  log(`listening on ${connections.host}:${port}`);
  supervised.ready({ port });
}

/** Opens the system and loads its reference data, however long database and store are away. */
async function untilOpen({ databaseUrl, eventStoreUrl, kekFile }: Connections): Promise<HuicaiSystem> {
  for (let pauseMs: number = RETRY_MS.first; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS.longest)) {
    let system: HuicaiSystem | undefined;
    try {
      system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, observer });
      await loadReferenceData(system);
      await registerAllReactions(system);
      return system;
    } catch (error) {
      await system?.close();
      if (PERMANENT.some((kind) => error instanceof kind)) throw error;
      // A refusal's words are its own, and no waiting heals it, but somebody may.
      const why = error instanceof StoreRefusedError ? error.message : (error as Error).name;
      log(`database or event store is not there yet (${why}); trying again in ${pauseMs} ms`);
    }
    await delay(pauseMs, undefined, { signal: stopped.signal });
  }
}

async function partsOf(system: HuicaiSystem, { mode, oidcIssuer }: Connections): Promise<Parts> {
  const accessLog = new AccessLog(system.dataSource);
  if (mode === 'external' || oidcIssuer !== undefined) {
    const audience = process.env.HUICAI_OIDC_AUDIENCE || DEFAULT_AUDIENCE;
    const verifier = createOidcVerifier({ issuer: oidcIssuer!, audience });
    return new Parts(system, verifier, accessLog, undefined, log, undefined, metrics);
  }
  const issuer = await LocalIssuer.open(system.vault);
  const users = new Users(system.dataSource, system.vault);
  await users.ensureDemoUsers(DEMO_USERS, DEMO_PASSWORD);
  return new Parts(system, issuer, accessLog, { issuer, users }, log, undefined, metrics);
}

main().catch((error: unknown) => {
  if (stopped.signal.aborted) return;
  process.stderr.write(`api: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exit(1);
});
