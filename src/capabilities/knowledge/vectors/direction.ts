/**
 * Of length 1: only the direction counts, and so no number is too large for half precision. What has no direction gets one that
 * means nothing, so that one text which a model makes nothing of does not hold up the others.
 */
export function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const number of vector) sum += number * number;
  const length = Math.sqrt(sum);
  if (Number.isFinite(length) && length > 0) return vector.map((number) => number / length);
  return vector.map((_, at) => (at === 0 ? 1 : 0));
}
