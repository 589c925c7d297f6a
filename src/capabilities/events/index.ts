export { createEvents, type Events } from './events.ts';
export { eventsMigrations } from './migrations.ts';
export { purgeEvents } from './store.ts';
