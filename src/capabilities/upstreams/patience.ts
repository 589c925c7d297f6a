/**
 * A signal that aborts after `ms`, unless it was ended before. `AbortSignal.timeout` keeps its timer, and all that listens,
 * until then: in two minutes an upstream that comes and goes would have left hundreds.
 */
export function patience(ms: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const tooLate = () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  const timer = setTimeout(tooLate, ms);
  timer.unref();
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}
