export { type AddressRanges, addressRanges } from './addresses.ts';
export type { AnswerHeaders, AnswerReceiver } from './answer.ts';
export { readBounded, readBytes, readText } from './body.ts';
export { checkHost, checkOrigin, clientAddress, isFromThisMachine } from './edge.ts';
export {
  createEgress,
  type Egress,
  type EgressDeps,
  type EgressInit,
  type EgressPost,
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
export type { PostUnderWay } from './posts.ts';
