// Drives clients of one version of the JavaScript SDK for a test: a JSON object a line, both ways.
//
//   in    {"call": 1, "client": "a", "do": "subscribe", "channel": "thread:1"}
//         {"answer": 7, "token": "..."}
//   out   {"call": 1, "result": ...}, or with {"error": {"code", "message", "temporary"}}
//         {"client": "a", "happened": {"what": "subscribed", "channel": "thread:1", ...}}
//         {"client": "a", "ask": 7}: it wants a token
//
// It ends when its input does.

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
const { Centrifuge } = require(process.argv[2])
const { WebSocket } = require('ws')

// One message a turn of the event loop, as in browsers: 5.7.1 mixes up frames that come in the same.
class websocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { allowSynchronousEvents: false })
  }
}

const clients = new Map()
const questions = new Map()

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

function ask(client) {
  return new Promise((answer) => {
    const id = questions.size + 1
    questions.set(id, answer)
    tell({ client, ask: id })
  })
}

function watch(client, source, names, channel) {
  for (const what of names) {
    source.on(what, (context) => {
      const { offset, recovered, wasRecovering, data } = context
      const { code, message } = context.error ?? { code: context.code, message: context.reason }
      const place = channel ?? context.channel
      const user = context.info?.user
      const happened = {
        what, channel: place, code, message, offset, recovered, wasRecovering, data, user,
      }
      tell({ client, happened })
    })
  }
}

const OF_A_CLIENT = ['connecting', 'connected', 'disconnected', 'error']
const OF_A_SUBSCRIPTION = [
  'subscribing', 'subscribed', 'unsubscribed', 'publication', 'join', 'leave',
]

const actions = {
  open({ client, url, options }) {
    const getToken = () => ask(client)
    const eventsource = globalThis.EventSource
    const made = new Centrifuge(url, { ...options, websocket, eventsource, getToken })
    watch(client, made, [...OF_A_CLIENT, ...OF_A_SUBSCRIPTION])
    clients.set(client, made)
  },
  connect: ({ client }) => clients.get(client).connect(),
  disconnect: ({ client }) => clients.get(client).disconnect(),
  subscribe({ client, channel, options }) {
    const ours = clients.get(client)
    let subscription = ours.getSubscription(channel)
    if (subscription === null) {
      subscription = ours.newSubscription(channel, options)
      watch(client, subscription, [...OF_A_SUBSCRIPTION, 'error'], channel)
    }
    subscription.subscribe()
  },
  unsubscribe: ({ client, channel }) => clients.get(client).getSubscription(channel).unsubscribe(),
  rpc: async ({ client, method, data }) => (await clients.get(client).rpc(method, data)).data,
  send: ({ client, data }) => clients.get(client).send(data),
  history: ({ client, channel, options }) => clients.get(client).history(channel, options),
  presence: async ({ client, channel }) => (await clients.get(client).presence(channel)).clients,
  presence_stats: ({ client, channel }) => clients.get(client).presenceStats(channel),
}

async function perform(message) {
  try {
    tell({ call: message.call, result: (await actions[message.do](message)) ?? null })
  } catch ({ code, message: text, temporary }) {
    tell({ call: message.call, error: { code: code ?? 0, message: text, temporary } })
  }
}

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const message = JSON.parse(line)
  if (message.answer === undefined) {
    perform(message)
  } else {
    questions.get(message.answer)(message.token)
  }
})
input.on('close', () => process.exit())
