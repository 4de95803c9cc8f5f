import { SupportedMethod, SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';

/** The server version whose behaviour this one reproduces; clients choose their requests by it. */
const SERVER_VERSION = '24.10.4';
const FEATURES: Readonly<Record<string, string[]>> = {
  '/event_store.client.streams.Streams/Read': ['position', 'events'],
  '/event_store.client.streams.Streams/BatchAppend': ['deadline_duration'],
};

/** ServerFeatures.GetSupportedMethods: exactly the methods that are served. `paths` as in `/package.Service/Method`. */
export function featuresHandler(paths: readonly string[]) {
  const reply = new SupportedMethods().setEventStoreServerVersion(SERVER_VERSION);
  for (const path of paths) {
    const [, service = '', method = ''] = path.toLowerCase().split('/');
    const supported = new SupportedMethod().setServiceName(service).setMethodName(method);
    reply.addMethods(supported.setFeaturesList(FEATURES[path] ?? []));
  }
  return (_call: ServerUnaryCall<unknown, SupportedMethods>, callback: sendUnaryData<SupportedMethods>): void =>
    callback(null, reply);
}
