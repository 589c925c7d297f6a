export { type AddressRanges, addressRanges } from './addresses.ts';
export { readBounded, readBytes, readText } from './body.ts';
export { checkHost, checkOrigin, clientAddress, isFromThisMachine } from './edge.ts';
export {
  type AnswerHeaders,
  type AnswerReceiver,
  createEgress,
  type Egress,
  type EgressDeps,
  type EgressInit,
  type EgressPost,
  type PostUnderWay,
  type Resolve,
} from './egress.ts';
export {
  EgressBlocked,
  EgressUnresolved,
  HostNotAllowed,
  httpErrors,
  OriginNotAllowed,
  ResponseTooLarge,
} from './errors.ts';
