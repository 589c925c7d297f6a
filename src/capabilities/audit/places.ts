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
  let held = 0;
  let recording = 0;

  const hasRoom = () => held + recording < size && !isClogged();

  /** What it is kept in itself: sets of all places would have to be kept up with each call. */
  class Place implements AuditPlace {
    state: 'held' | 'lacking' | 'gone' = 'lacking';
    hold(): void {
      this.state = 'held';
      held += 1;
    }
    release(): void {
      if (this.state === 'held') held -= 1;
      this.state = 'gone';
    }
  }

  const holds = (place: AuditPlace) => {
    const state = place instanceof Place ? place.state : 'gone';
    if (state === 'held') return true;
    if (state === 'gone') throw new Error('this place in the audit queue was used or released before');
    if (!hasRoom()) return false;
    (place as Place).hold();
    return true;
  };

  return {
    take(mayLack) {
      const room = hasRoom();
      if (!room && !mayLack) throw AuditQueueFull({}, { retryAfterSeconds: 1 });
      const place = new Place();
      if (room) place.hold();
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
    used: () => held + recording,
  };
}
