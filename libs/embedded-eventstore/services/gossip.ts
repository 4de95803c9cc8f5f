import { ClusterInfo, EndPoint, MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';

/** The address clients are told to connect to. */
export interface AdvertisedAddress {
  host: string;
  port: number;
}

/**
 * Gossip.Read: a cluster of one, always its leader.
 * @param address asked at each call, because the port is known only once the server listens
 * @param now milliseconds since the UNIX epoch
 */
export function gossipHandler(nodeId: string, address: () => AdvertisedAddress, now: () => number) {
  return (_call: ServerUnaryCall<unknown, ClusterInfo>, callback: sendUnaryData<ClusterInfo>): void => {
    const { host, port } = address();
    const member = new MemberInfo()
      .setInstanceId(new UUID().setString(nodeId))
      // Ticks of 100 ns.
      .setTimeStamp(`${now()}0000`)
      .setState(MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(new EndPoint().setAddress(host).setPort(port));
    callback(null, new ClusterInfo().setMembersList([member]));
  };
}
