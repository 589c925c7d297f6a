/** What one item and one request may cost at most, whatever the settings say. */
export const maxItemBytes = 50 * 1024 * 1024;
export const requestTimeoutMs = 30_000;
/** Of a clone or fetch, which moves a whole history the first time. */
export const fetchTimeoutMs = 15 * 60_000;
export const commandTimeoutMs = 2 * 60_000;
