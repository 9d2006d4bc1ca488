/**
 * When a replica with an empty data directory may take part. A new cluster begins with empty directories everywhere; a
 * replica that has lost its disk has an empty one too, but has voted and acknowledged entries before, and must not do so
 * again as if it had not: two leaders could be elected, and what it acknowledged be lost. The two are told apart by
 * incarnations: each new directory draws one, and a cluster is formed of those that all its replicas see in each other.
 * So the first start needs all replicas; every later one needs a majority. Pure.
 */

export interface FormationView {
  readonly incarnation: string;
  /** With which incarnations the cluster was formed, by replica, as this one has written down; null: not formed yet. */
  readonly formed: Readonly<Record<string, string>> | null;
}

export type FormationDecision =
  | { readonly type: 'wait'; readonly missing: readonly number[] }
  /** To be written down, durably, before anything else is done. */
  | { readonly type: 'take-part'; readonly formed: Readonly<Record<string, string>> }
  /** The cluster was formed without this directory: its replica has lost a disk, or is new. */
  | { readonly type: 'rebuild'; readonly formedBy: number };

/** `peers`: what the other replicas say; those that do not answer are left out. `replicas`: all of the cluster's first. */
export function decideFormation(
  own: number,
  view: FormationView,
  replicas: readonly number[],
  peers: ReadonlyMap<number, FormationView>,
): FormationDecision {
  if (view.formed !== null) return { type: 'take-part', formed: view.formed };
  for (const [peer, { formed }] of peers) {
    if (formed === null) continue;
    // It has seen this very directory when it was new: nothing was done in it since.
    if (formed[String(own)] === view.incarnation) return { type: 'take-part', formed };
    return { type: 'rebuild', formedBy: peer };
  }
  const missing = replicas.filter((id) => id !== own && !peers.has(id));
  if (missing.length > 0) return { type: 'wait', missing };
  const all = replicas.map((id) => [String(id), id === own ? view.incarnation : (peers.get(id)?.incarnation ?? '')]);
  return { type: 'take-part', formed: Object.fromEntries(all) as Record<string, string> };
}
