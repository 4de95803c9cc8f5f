import { readFileSync } from 'node:fs';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import type { EmbeddedEventStore } from '../index.js';

/** Channel credentials that a server, with TLS or without, lets in; `authorization` replaces the header, null omits it. */
export function channelTo(server: EmbeddedEventStore, authorization?: string | null): ChannelCredentials {
  if (!server.caFile || !server.credentials) return credentials.createInsecure();
  const secure = credentials.createSsl(readFileSync(server.caFile));
  const { username, password } = server.credentials;
  const header = authorization === undefined ? basic(`${username}:${password}`) : authorization;
  if (header === null) return secure;
  const metadata = new Metadata();
  metadata.set('authorization', header);
  return credentials.combineChannelCredentials(
    secure,
    credentials.createFromMetadataGenerator((_params, callback) => callback(null, metadata)),
  );
}

/** A bare gRPC client of the streams service, see channelTo. */
export function rawClientTo(server: EmbeddedEventStore, authorization?: string | null): StreamsClient {
  return new StreamsClient(`127.0.0.1:${server.port}`, channelTo(server, authorization));
}

/** The header of Basic authentication. */
export function basic(usernameAndPassword: string): string {
  return `Basic ${Buffer.from(usernameAndPassword).toString('base64')}`;
}
