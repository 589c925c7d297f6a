export { type BusSettings, createBus } from './bus.ts';
export type { Bus } from './types.ts';
