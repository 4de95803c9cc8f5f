import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { ECHO } from './echo.js';

/** Sends back what it gets: what a call costs before anything is done for it. */
const echo: handleUnaryCall<Buffer, Buffer> = (call, callback) => callback(null, call.request);

const server = new Server();
server.addService({ echo: ECHO }, { echo });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send!({ port });
});
process.on('disconnect', () => server.forceShutdown());
