import { AuditQueueFull } from './errors.ts';
import type { AuditPlace } from './types.ts';

/** The places of the audit queue. A place counts from when it is taken until its record is durable. */
export interface Places {
  /** @throws AuditQueueFull unless it `mayLack` one */
  take(mayLack: boolean): AuditPlace;
  /**
   * Whether it counts as a place of the queue; one that was lacking is taken now if there is room.
   * Throws when it was used or released before.
   */
  holds(place: AuditPlace): boolean;
  /** Does what needs the place and gives it back, whatever came of it. */
  useUp(place: AuditPlace, work: () => Promise<void>): Promise<void>;
  hasRoom(): boolean;
  used(): number;
}

export function createPlaces({ size, isClogged }: { size: number; isClogged(): boolean }): Places {
  const held = new Set<AuditPlace>();
  const lacking = new Set<AuditPlace>();
  let recording = 0;

  const hasRoom = () => held.size + recording < size && !isClogged();

  const holds = (place: AuditPlace) => {
    if (held.has(place)) return true;
    if (!lacking.has(place)) throw new Error('this place in the audit queue was used or released before');
    if (!hasRoom()) return false;
    lacking.delete(place);
    held.add(place);
    return true;
  };

  return {
    take(mayLack) {
      const room = hasRoom();
      if (!room && !mayLack) throw AuditQueueFull({}, { retryAfterSeconds: 1 });
      const place: AuditPlace = {
        release() {
          held.delete(place);
          lacking.delete(place);
        },
      };
      (room ? held : lacking).add(place);
      return place;
    },
    holds,
    async useUp(place, work) {
      const counts = holds(place);
      place.release();
      if (counts) recording += 1;
      try {
        await work();
      } finally {
        if (counts) recording -= 1;
      }
    },
    hasRoom,
    used: () => held.size + recording,
  };
}
