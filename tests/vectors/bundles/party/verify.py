print('verify')
