export type { Admission, HttpEnv } from './admission.ts';
export { createHttpApp, type HttpApp } from './app.ts';
export { type Door, openDoor, type TlsMaterial } from './listen.ts';
