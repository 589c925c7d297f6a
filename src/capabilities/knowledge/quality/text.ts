import { redactText } from '../../../platform/telemetry/index.ts';

/** Somebody's words as they are kept: without secrets, cut, and with nothing in them that no database takes. */
export function keptText(text: string, most: number): string {
  return redactText(text).slice(0, most).toWellFormed().replaceAll('\0', '');
}
