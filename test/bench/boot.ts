/** How soon a server answers, beside one that pip has put into a plain image. */
import { plain } from '../support/builds.ts';
import type { World } from '../support/world.ts';
import { byHand } from './launch.ts';
import { median, ms, type Row, ratio } from './measure.ts';
import { buildPlain, rootfs, serverConstraints, serverDockerfile } from './plain.ts';

const ROUNDS = 9;

/** Both in the same way, from the container's making to the server's first answer. */
export async function bootRow(world: World): Promise<Row> {
  const { url } = await world.repo('boot', [{ ...plain('boot')[0], date: '2025-03-10' }]);
  const { imageName } = await world.build([url]);
  const [ours, theirs]: [number[], number[]] = [[], []];
  await buildPlain(world, serverDockerfile(await rootfs(world)), [serverConstraints()], async (image) => {
    // The first of each reads its files from the disk.
    for (let round = 0; round <= ROUNDS; round += 1) {
      ours.push(await byHand(world.docker, imageName));
      theirs.push(await byHand(world.docker, image));
    }
  });
  const [own, other] = [median(ours.slice(1)), median(theirs.slice(1))];
  return {
    measure: 'container start to a server that answers',
    ours: ms(own),
    against: `${ms(other)} (pip install jupyterlab, plain image)`,
    value: ratio(own / other),
    aim: '≤ 0.5',
    isMet: own / other <= 0.5,
  };
}
