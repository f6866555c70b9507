import { actPart } from './act/part.ts'
import { dockerPart } from './docker/part.ts'
import { githubPart } from './github/part.ts'
import type { LabPart } from './ground/part.ts'
import { hostPart } from './host/part.ts'
import { registryPart } from './registry/part.ts'
import { runnerPart } from './runner/part.ts'
import { rustupPart } from './rustup/part.ts'
import { toolsPart } from './tools/part.ts'

/** Every part of the lab. */
export const parts: readonly LabPart[] = [
  hostPart,
  rustupPart,
  registryPart,
  dockerPart,
  runnerPart,
  githubPart,
  actPart,
  toolsPart,
]
