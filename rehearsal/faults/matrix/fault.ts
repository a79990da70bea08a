import type { Place } from './place.ts';
import type { RunningScript } from '../../host/host.ts';
import type { ImageSpec } from '../../images/image.ts';
import type { Promised } from './endings.ts';
import type { Scene } from './scene.ts';

/** Something that goes wrong, in each place where it can. */
export interface Fault {
  /** As docs/faults.md says it. */
  readonly says: string;
  readonly places: readonly Place[];
  /** Which endings are right, by what the product promises and not by what it was seen to do. */
  readonly promise: Promised;
  /** What is pushed, if the fault is in the release itself. */
  readonly release?: (version: string) => ImageSpec;
  /** Before the push: what waits in AWS for its moment. It notes `struckAt` when that has come. */
  readonly arm?: (scene: Scene) => void | Promise<void>;
  /** On the host, at a moment in the phase that the seed draws. Without it and `arm` the fault strikes as the phase begins. */
  readonly strike?: (scene: Scene, script: RunningScript) => Promise<void>;
  /** Of the phase's usual time: the latest moment of the strike; 0.6 unless said. */
  readonly latest?: number;
}
