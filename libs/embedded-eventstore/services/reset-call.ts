import { constants } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { ServiceFault } from './faults.js';

interface Resettable {
  close(code: number): void;
}

/**
 * Ends a streaming call as CANCELLED. A status would travel in trailers, which wait behind data that a slow client does
 * not take; a reset does not. grpc-js has no public way to send one, hence the look inside, with the status as fallback.
 */
export function resetCall(call: { emit(event: 'error', fault: ServiceFault): boolean }): void {
  const stream = (call as { call?: { stream?: Partial<Resettable> } }).call?.stream;
  if (typeof stream?.close === 'function') stream.close(constants.NGHTTP2_CANCEL);
  else call.emit('error', new ServiceFault(status.CANCELLED, 'the server is stopping'));
}
