/**
 * Who is to lead a group when all is well: groups take turns over the members, by rising id and from group 0 on. So of
 * replicas 1 to 3, 1 leads group 0, 2 stream 1, 3 stream 2, 1 stream 3.
 */
export function preferredLeader(members: readonly number[], group: number): number {
  const ids = [...members].sort((a, b) => a - b);
  return ids[group % ids.length] ?? 0;
}
