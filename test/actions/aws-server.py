"""
aws-server.py NAME [ARGUMENT...]: the AWS CLI of this system. Without arguments it imports that CLI, most of the time of a call, and
listens; with some, as `aws`, it has them done by a fork of that listener, which takes the caller's environment, root, working
directory, stdin, stdout and stderr, and gives its exit code. NAME is of an abstract socket: both are in one network namespace.
"""

import json
import os
import signal
import socket
import sys


def ask(name, arguments):
    folders = [os.open(folder, os.O_RDONLY) for folder in ('/', '.')]
    call = json.dumps([arguments, dict(os.environ)]).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect('\0' + name)
        socket.send_fds(server, [len(call).to_bytes(4, 'big')], [0, 1, 2, *folders])
        server.sendall(call)
        code = server.recv(1)
    return code[0] if code else 'the AWS CLI ended without an exit code'


def listen(name):
    from awscli import clidriver

    clidriver.create_clidriver()  # imports its plugins
    listener = socket.socket(socket.AF_UNIX)
    listener.bind('\0' + name)
    listener.listen(100)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leaves no zombies
    print('listening', flush=True)
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            answer(caller, clidriver.main)
        caller.close()


def answer(caller, main):
    size, files, _, _ = socket.recv_fds(caller, 4, 5)
    call = caller.recv(int.from_bytes(size, 'big'), socket.MSG_WAITALL)
    become(*json.loads(call), *files)
    code = main()
    sys.stdout.flush()
    caller.send(bytes([code]))
    os._exit(0)


def become(arguments, environment, stdin, stdout, stderr, root, folder):
    for file, own in enumerate((stdin, stdout, stderr)):
        os.dup2(own, file)
    os.fchdir(root)
    os.chroot('.')
    os.fchdir(folder)
    os.environ.update(environment)
    sys.argv = ['aws', *arguments]


if len(sys.argv) > 2:
    sys.exit(ask(sys.argv[1], sys.argv[2:]))
listen(sys.argv[1])
