// Socket.IO 4: one room with everybody in it, WebSocket transport.
'use strict';
const { Server } = require('socket.io');

const io = new Server(Number(process.argv[2]), { transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => {
  socket.join('everybody');
  socket.on('m', (text) => io.to('everybody').emit('m', text));
});
