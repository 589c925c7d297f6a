export { type Caching, createCaching } from './caching.ts';
