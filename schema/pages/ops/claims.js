/** Deciding a damage claim: its file is read, then it is accepted up to what is allowed, rejected, or more is asked. */

import { CLAIM_WORDS, claimFile } from "/static/claims.js";
import { ask } from "/static/ops/ask.js";
import { about } from "/static/ops/needs.js";

const { en: WORDS } = CLAIM_WORDS;

export async function decideClaim(actions) {
  const { market, wording, toasts } = actions;
  const { need } = actions.subject();
  const claim = await claimOf(need, actions);
  if (!claim) return;
  const most = Math.min(claim.askedMinor, claim.limitMinor);
  const isHeard = !claim.heardBy || claim.heardAt || Date.parse(claim.heardBy) <= market.clock.now();
  const answer = await ask({
    title: `Claim about ${about(need)}`, verb: "Decide", note: noteOn(claim, { isHeard, wording }),
    detail: claimFile(claim, { words: WORDS, money: wording.money, moment: (at) => `${wording.day(at)} ${wording.time(at)}` }),
    fields: [
      { name: "decision", label: "Decision", type: "choice", options: [
        ...(isHeard ? [["ACCEPT", "Accept it"]] : []), ["REJECT", "Reject it"], ["ASK", "Ask for more evidence"]] },
      { name: "amount", label: `Amount, at most ${wording.money(most)}`, type: "number", value: wording.toMajor(most),
        min: wording.leastStep, max: wording.toMajor(most), step: wording.leastStep, shownFor: ["decision", ["ACCEPT"]] },
      { name: "reason", label: "In words that all sides read", type: "area", maxLength: 1000 },
    ],
  });
  if (!answer) return;
  const { decision, amount, reason } = answer;
  const claimId = claim.id;
  if (decision === "ACCEPT") {
    const acceptedMinor = wording.toMinor(amount);
    const told = `The shipper is credited ${wording.money(acceptedMinor)}`;
    await actions.send("accept_claim", { claimId, acceptedMinor, reason }, told);
  } else if (decision === "REJECT") await actions.send("reject_claim", { claimId, reason }, "The claim is rejected");
  else await actions.send("ask_claim_evidence", { claimId, text: reason }, "More evidence is asked for");

  async function claimOf({ subjectId }, { api }) {
    try {
      const { claims } = await api.ask("claims", { marketId: market.marketId, onlyOpen: true });
      const found = claims.find(({ id }) => id === subjectId);
      if (!found) toasts.tell("Somebody has decided it meanwhile.", { tone: "wait" });
      return found ?? null;
    } catch (failure) {
      toasts.tell(failure.message, { tone: "bad" });
      return null;
    }
  }
}

function noteOn({ kind, askedMinor, heardBy }, { isHeard, wording }) {
  const asked = `${WORDS.kinds[kind]}; ${wording.money(askedMinor)} asked.`;
  if (isHeard) return `${asked} Whatever is decided, the driver pays nothing.`;
  return `${asked} It can be accepted once the driver has answered, or after ${wording.day(heardBy)} ${wording.time(heardBy)}.`;
}
