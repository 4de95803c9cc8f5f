import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { accessDenied, ServiceFault } from '../services/faults.js';
import type { Account } from './account.js';

/** What clients ask before they know whom to be. */
const OPEN_TO_ALL: ReadonlySet<string> = new Set([GossipService.read.path, ServerFeaturesService.getSupportedMethods.path]);

/** Is the caller nobody in particular? */
export function isAnonymous(metadata: Metadata): boolean {
  return metadata.get('authorization').length === 0;
}

/**
 * Lets through the calls of the account: others never reach a service. Wrong credentials, and those that can not be read,
 * are UNAUTHENTICATED whatever is called; none at all are access denied. An anonymous BatchAppend is let through, because
 * it is answered inside the stream (see denyAnonymous).
 */
export function accessInterceptor(account: Account): ServerInterceptor {
  return (method, call) =>
    new CheckedCall(call, (metadata) => {
      const headers = metadata.get('authorization');
      if (headers.length === 0) {
        const answeredInside = method.path === StreamsService.batchAppend.path;
        return OPEN_TO_ALL.has(method.path) || answeredInside ? undefined : accessDenied();
      }
      const [header] = headers;
      const admitted = headers.length === 1 && typeof header === 'string' && account.admits(header);
      return admitted ? undefined : new ServiceFault(status.UNAUTHENTICATED, 'The credentials are not accepted.');
    });
}

class CheckedCall extends ServerInterceptingCall {
  constructor(
    private readonly inner: ServerInterceptingCallInterface,
    refusal: (metadata: Metadata) => ServiceFault | undefined,
  ) {
    super(inner, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, proceed) => {
            const fault = refusal(metadata);
            if (fault) inner.sendStatus(fault);
            else proceed(metadata);
          },
        }),
    });
  }

  /** The HTTP/2 stream, where a stopping server looks for it to reset it. */
  get stream(): unknown {
    return (this.inner as { stream?: unknown }).stream;
  }
}
