export type { Admission, HttpEnv } from './admission.ts';
export { createHttpApp } from './app.ts';
export { type HttpServer, listen, type TlsMaterial } from './listen.ts';
export { problemResponse } from './problem.ts';
