import type { ErrorBody } from '../kernel/errors.ts';
import { isObject } from '../kernel/json.ts';
import { pairsAsJson } from './arguments.ts';

/**
 * Why a call did not do well, and what to do next; also for what never became a call, such as that of an unknown tool.
 * @param pairs the arguments as they were typed, where some were
 */
export function refusalText(body: Record<string, unknown>, pairs: readonly string[] = []): string {
  const error = (isObject(body.error) ? body.error : body) as Partial<ErrorBody>;
  const what = typeof body.outcome === 'string' ? `${body.outcome}: ` : '';
  const id = error.callId ?? body.callId;
  const asJson = error.code === 'INVALID_ARGUMENTS' ? pairsAsJson(pairs, error.message ?? '') : [];
  return [
    `${what}${error.message ?? 'The call failed.'}`,
    error.suggestedAction ?? '',
    ...(asJson.length > 0 ? [`With = a value is text. Write ${asJson.join(' ')}`] : []),
    ...(id ? [`(call ${id})`] : []),
  ].join('\n');
}
