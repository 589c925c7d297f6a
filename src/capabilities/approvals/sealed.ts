import type { CallEnd } from '../../kernel/call.ts';
import { JsonFault, type JsonObject, parseJson } from '../../kernel/json.ts';
import type { OrgId } from '../../kernel/principal.ts';
import type { Keyring } from '../../platform/keyring/index.ts';
import type { KeptPreview } from './beside/previews.ts';
import { sealContext } from './binding.ts';
import type { KeptApproval } from './row.ts';
import type { ParkedRequest } from './types.ts';

/** Largest end kept, in UTF-16 units of its JSON. */
const maxAnswer = 1024 * 1024;
/** Results may be nested 128 levels deep, and stand within their end. */
const deepest = 200;

/** What is encrypted where approvals are kept. */
export interface Sealed {
  /** As it was asked for. */
  asked(approval: KeptApproval): ParkedRequest;
  /** What is to be called: with changed arguments, where somebody changed them. */
  request(approval: KeptApproval): ParkedRequest;
  /** What was asked for and what is called instead; undefined where that is the same. */
  edit(approval: KeptApproval): { asked: JsonObject; approved: JsonObject } | undefined;
  preview(approval: KeptApproval): KeptPreview | undefined;
  /** What the call came to; undefined where it has no end yet, or where that was not kept. */
  answer(approval: KeptApproval): CallEnd | undefined;
  /** An end to be kept; null where it is too large for that. */
  seal(id: string, org: OrgId, end: CallEnd): string | null;
}

export function createSealed(keyring: Keyring): Sealed {
  const asked: Sealed['asked'] = ({ org, id, request }) =>
    parkedIn(keyring.decrypt(request, sealContext(org, id, 'request')));
  const request: Sealed['request'] = (approval) => {
    const { org, id, editedRequest } = approval;
    if (editedRequest === undefined) return asked(approval);
    return parkedIn(keyring.decrypt(editedRequest, sealContext(org, id, 'edited')));
  };
  return {
    asked,
    request,
    edit(approval) {
      if (approval.editedRequest === undefined) return undefined;
      return { asked: asked(approval).arguments, approved: request(approval).arguments };
    },
    preview({ org, id, preview }) {
      if (preview === undefined) return undefined;
      return parseJson(keyring.decrypt(preview, sealContext(org, id, 'preview'))) as KeptPreview;
    },
    answer({ answer, org, id }) {
      if (answer === undefined) return undefined;
      try {
        return parseJson(keyring.decrypt(answer, sealContext(org, id, 'answer')), { maxDepth: deepest }) as CallEnd;
      } catch (error) {
        if (error instanceof JsonFault) return undefined;
        throw error;
      }
    },
    seal(id, org, end) {
      const text = JSON.stringify(end);
      return text.length > maxAnswer ? null : keyring.encrypt(text, sealContext(org, id, 'answer'));
    },
  };
}

function parkedIn(text: string): ParkedRequest {
  return parseJson(text, { maxDepth: deepest }) as unknown as ParkedRequest;
}
