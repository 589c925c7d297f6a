export { registryErrors } from './errors.ts';
export type { Listed } from './format.ts';
export type { Given, GivenValue, Wanted } from './inputs.ts';
export { type Offer, offersOf } from './offers.ts';
export { cautionsFor, type Translated, toolsetFor, translate, wantedBy } from './settings.ts';
export { nameFaults, writeSkeleton } from './skeleton/write.ts';
export { openRegistry, type Registry } from './source.ts';
