export { type BusSettings, createBus } from './bus.ts';
export { createFollower, type Follower, type FollowerTiming, strictTiming } from './follower.ts';
export type { Bus } from './types.ts';
