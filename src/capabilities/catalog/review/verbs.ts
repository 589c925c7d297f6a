const verbs: ReadonlySet<string> = new Set(
  (
    'abort accept acknowledge acquire activate add adjust aggregate align allocate analyze append apply approve archive ask ' +
    'assess assign attach audit authenticate authorize backup batch begin bind block book branch browse build bump calculate ' +
    'call cancel capture cast change check checkout choose classify clean clear click clone close collect combine comment ' +
    'commit compare compile complete compress compute configure confirm connect consume convert copy count crawl create ' +
    'cut debug decline decode decrypt define delete deliver deploy describe detach detect diagnose diff disable discover ' +
    'dismiss dispatch display divide download drag draw drop dump duplicate echo edit emit enable encode encrypt end ' +
    'enrich enumerate escalate estimate evaluate examine exec execute expand explain explore export extract fail fetch ' +
    'fill filter find finish fix flag flush follow force forecast fork format forward gather generate get give grant grep ' +
    'group handle hide hover identify import include index infer ingest init initialize insert inspect install invite ' +
    'invoke issue join keep kill label launch leave like link list load locate lock log login logout lookup make manage ' +
    'map mark match measure merge migrate mock modify monitor mount move multiply mute navigate negotiate notify open ' +
    'optimize order pack parse patch pause pay perform pick pin ping plan play poll post predict prepare press preview ' +
    'print process profile promote propose prune publish pull purge push put query queue quit rank react read rebase ' +
    'rebuild receive recommend reconcile record recover redeploy redirect reduce refresh refund regenerate register reject ' +
    'release reload remove rename render reopen reorder repair replace reply report request rerun reschedule reserve reset ' +
    'resize resolve restart restore resume retrieve retry return reverse revert review revoke roll rollback rotate route ' +
    'run sample save scale scan schedule score scrape screenshot scroll search select send set share show sign simulate ' +
    'skip snapshot solve sort split star start stop store stream submit subscribe subtract suggest sum summarize suspend ' +
    'swap switch sync tag tail take tap terminate test think toggle trace track train transcribe transfer transform ' +
    'translate trigger truncate type unarchive unassign unblock undo unfollow uninstall unlink unlock unmute unpin ' +
    'unpublish unregister unstar unsubscribe unwatch update upgrade upload upsert use validate verify view visit vote wait ' +
    'watch wipe withdraw write zip'
  ).split(' '),
);

/** Whether a word of a tool's name says what the tool does. */
export const isVerb = (word: string): boolean => verbs.has(word) || verbs.has(word.replace(/ise$/, 'ize'));
