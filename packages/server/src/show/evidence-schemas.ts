// Shapes of what is shown of one event: its proof, and its content to whoever may see it.

import { type TSchema, Type } from 'typebox'

const base64 = (description: string) => Type.String({ description: `${description}, base64` })
const judged = (description: string) =>
  Type.Union([Type.Boolean(), Type.Null()], { description: `${description}; null: unknown` })

const SECTION = Type.Object({
  name: Type.Union([Type.String(), Type.Null()], {
    description: 'event, content.body, onBehalfOf.0 …; null where it cannot be opened any more',
  }),
  retention: Type.String({ description: 'Class by which it is kept' }),
  isStored: Type.Boolean({ description: 'Its sealed bytes are there' }),
  isAsSealed: judged('They have the hash that the entry names'),
  isAsCommitted: judged('They open to what the entry commits to'),
})

export const PROOF: TSchema = Type.Object({
  origin: Type.String({ description: 'Name of the log and of its key' }),
  vkey: Type.String({
    description: 'Verifier key as this server has it; compare with one you pinned',
  }),
  shard: Type.String(),
  index: Type.Integer({ minimum: 0, description: 'Leaf index' }),
  size: Type.Integer({ minimum: 1, description: 'Entries under the checkpoint' }),
  leaf: base64('The entry as it stands in the log'),
  leafHash: base64('Its RFC 6962 leaf hash'),
  proof: Type.Array(base64('Hash of a sibling, leaf to root')),
  checkpoint: Type.String({ description: 'The signed note (C2SP tlog-checkpoint), verbatim' }),
  sections: Type.Array(SECTION),
})

export const REVEALED: TSchema = Type.Object({
  id: Type.String(),
  content: Type.Unknown({ description: 'The body as it was sent: text, or a list of messages' }),
  hash: Type.Union([Type.String(), Type.Null()], {
    description: 'content.hash of the event: a keyed hash of the body',
  }),
  size: Type.Union([Type.Integer(), Type.Null()], { description: 'Bytes of the body' }),
  isAsHashed: Type.Boolean({ description: 'The body has that hash' }),
})
