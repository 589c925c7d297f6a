export { type UnreadableReason, unreadableReason } from './faults.ts';
export { createReader, type Reader, type ReadInput, type ReadLimits, usualReadLimits } from './reader.ts';
