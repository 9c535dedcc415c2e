// Storage layer, contract. The one exception for bad bytes: the message says in words what is wrong, and in which column.

using System;

namespace Epiphany.Storage;

/// <summary>Stored bytes are not what this layer wrote.</summary>
public sealed class StoredDataException : Exception
{
    public StoredDataException()
    {
    }

    public StoredDataException(string message) : base(message)
    {
    }

    public StoredDataException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
