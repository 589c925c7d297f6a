export interface AuditLimits {
  /** How long the database may take before the write-ahead file stands in for it. */
  databaseWaitMs: number;
  /** How long records gather in the file before they are brought to the database. */
  lingerMs: number;
  segmentBytes: number;
  segmentMs: number;
  /** A gap is over, and told, when there is room and nothing was dropped for so long. */
  gapQuietMs: number;
  heartbeatMs: number;
  /** A replica that was not seen for so long is gone, and its open intents are closed. */
  replicaGoneMs: number;
  sweepMs: number;
  retainMs: number;
  /** How long `stop`, and `start` for the replay, wait for the database. */
  drainMs: number;
}

export const defaultLimits: AuditLimits = {
  databaseWaitMs: 2_000,
  lingerMs: 500,
  segmentBytes: 8 * 1024 * 1024,
  segmentMs: 60_000,
  gapQuietMs: 1_000,
  heartbeatMs: 15_000,
  replicaGoneMs: 60_000,
  sweepMs: 30_000,
  retainMs: 60 * 60_000,
  drainMs: 5_000,
};
