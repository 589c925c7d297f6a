import type { Clock } from '../../../../kernel/clock.ts';
import type { Principal } from '../../../../kernel/principal.ts';
import type { Db } from '../../../../platform/db/types.ts';
import { UnknownPassage } from '../../errors.ts';
import { keptText } from '../text.ts';
import { putVote, trimVotes, type Vote } from './store.ts';

/** Votes that an organisation keeps. */
const mostOfOrg = 20_000;
/** So many votes are taken before those of gone passages are cleared away. */
const trimEvery = 200;

const mostText = 500;

/** Whether passages helped, as those say who used them. It does not change what is found. */
export function createFeedback({ db, clock }: { db: Db; clock: Clock }) {
  let taken = 0;
  return {
    /** One of each principal and passage: a later one takes its place. @throws UnknownPassage */
    async vote(principal: Principal, subjects: readonly string[], { note, query, ...vote }: Vote): Promise<void> {
      const { org, id } = principal;
      const kept = await putVote(
        db,
        org,
        subjects,
        id,
        {
          ...vote,
          ...(note === undefined ? {} : { note: keptText(note, mostText) }),
          ...(query === undefined ? {} : { query: keptText(query, mostText) }),
        },
        clock.now(),
      );
      if (!kept) throw UnknownPassage({ id: vote.passage });
      taken += 1;
      if (taken % trimEvery === 0) await trimVotes(db, org, mostOfOrg);
    },
  };
}
