/**
 * The results of works that are under way at once. A failure, the first one in their order, shows only when all have ended: no call of this
 * attempt is left that the next one would meet.
 */
export async function allEnded<const Works extends readonly unknown[]>(
  works: Works,
): Promise<{ -readonly [Index in keyof Works]: Awaited<Works[Index]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
