import type { Db } from '../../platform/db/types.ts';
import type { Holding } from '../../platform/keyring/index.ts';
import { sealContext } from './binding.ts';
import { listSealed, resealApproval, type SealedTexts } from './store.ts';

/** Arguments and results of calls that wait, or waited, for consent. */
export function keptApprovals(db: Db): Holding {
  return {
    what: 'arguments and results of approvals',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (let after: SealedTexts | undefined; ; ) {
        const page = await listSealed(db, after);
        for (const row of page) {
          const { org, id, request, edited, answer, preview } = row;
          if ([request, edited, answer, preview].every((text) => text === null || renewal.isCurrent(text))) continue;
          try {
            const next = {
              org,
              id,
              request: renewal.again(request, sealContext(org, id, 'request')),
              edited: edited === null ? null : renewal.again(edited, sealContext(org, id, 'edited')),
              answer: answer === null ? null : renewal.again(answer, sealContext(org, id, 'answer')),
              preview: preview === null ? null : renewal.again(preview, sealContext(org, id, 'preview')),
            };
            await resealApproval(db, org, row, next);
            renewed++;
          } catch {
            lost++;
          }
        }
        after = page.at(-1);
        if (!after) return { renewed, lost };
      }
    },
  };
}
