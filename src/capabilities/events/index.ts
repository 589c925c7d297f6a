export { type Delivery, type DeliveryState, deliveryStates } from './deliveries/store.ts';
export type { Transports } from './deliveries/worker.ts';
export { keptDestinations } from './destinations/sealing.ts';
export { eventsErrors, HookTooLarge } from './errors.ts';
export { createEvents, type Events } from './events.ts';
export { createHooks, type Hooks } from './hooks/hooks.ts';
export { eventsMigrations } from './migrations.ts';
export { purgeEvents } from './store.ts';
export { createWebhook } from './webhook.ts';
